// Takes a picture of every page in every state that the stories meet, at both widths, into
// tests/screenshots or the folder that SCREENSHOTS names.

import { fileURLToPath } from 'node:url';

process.env.SCREENSHOTS ||= fileURLToPath(new URL('../screenshots', import.meta.url));
await import('./story.test.mjs');
await import('./documents.test.mjs');
await import('./rights.test.mjs');
await import('./episode.test.mjs');
await import('./desk.test.mjs');
await import('./team.test.mjs');
await import('./patient.test.mjs');
await import('./login.test.mjs');
await import('./ends.test.mjs');
await import('./enrolment.test.mjs');
await import('./delegates.test.mjs');
await import('./ways.test.mjs');
await import('./past.test.mjs');
