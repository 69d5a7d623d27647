// Synthetic IHE XDM archives of fictitious people, as business software makes them (R96-R98).

import { createHash } from 'node:crypto';
import { crc32 } from 'node:zlib';

const text = (s) => s.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('"', '&quot;');

/**
 * An archive that holds documents, with an INDEX.HTM and a style sheet that call a trap when they are
 * opened. A document has title, kind, code, time (HL7), ins, author ({given, family}), organisation, and
 * either pdf (bytes) or sections.
 */
export function archive(documents, trap) {
  const files = documents.map((d, i) => ({ name: `DOC${String(i + 1).padStart(4, '0')}.XML`, content: Buffer.from(cda(d)) }));
  const entries = documents.map((d, i) => entry(d, files[i], i + 1));
  const metadata = `<?xml version="1.0" encoding="UTF-8"?>
<lcm:SubmitObjectsRequest xmlns:lcm="urn:oasis:names:tc:ebxml-regrep:xsd:lcm:3.0" xmlns:rim="urn:oasis:names:tc:ebxml-regrep:xsd:rim:3.0">
<rim:RegistryObjectList>${entries.join('')}</rim:RegistryObjectList></lcm:SubmitObjectsRequest>`;
  const run = `<script>alert('INDEX.HTM'); fetch('${trap}/index')</script><img src="${trap}/index.png">`;
  return zip([
    { name: 'INDEX.HTM', content: Buffer.from(`<!doctype html>${run}`) },
    { name: 'IHE_XDM/SUBSET01/CDA.XSL', content: Buffer.from(`<xsl:stylesheet xmlns:xsl="http://www.w3.org/1999/XSL/Transform" version="1.0"><xsl:template match="/">${run}</xsl:template></xsl:stylesheet>`) },
    { name: 'IHE_XDM/SUBSET01/METADATA.XML', content: Buffer.from(metadata) },
    ...files.map(({ name, content }) => ({ name: `IHE_XDM/SUBSET01/${name}`, content })),
  ]);
}

/** A CDA R2 document. */
function cda(d) {
  const body = d.pdf
    ? `<nonXMLBody><text mediaType="application/pdf" representation="B64">${d.pdf.toString('base64')}</text></nonXMLBody>`
    : `<structuredBody>${d.sections.map((s) => `<component><section><title>${text(s)}</title></section></component>`).join('')}</structuredBody>`;
  return `<?xml version="1.0" encoding="UTF-8"?><?xml-stylesheet type="text/xsl" href="CDA.XSL"?>
<ClinicalDocument xmlns="urn:hl7-org:v3"><code code="${d.code}" displayName="${text(d.kind)}"/><title>${text(d.title)}</title>
<effectiveTime value="${d.time}"/><confidentialityCode code="N"/>
<recordTarget><patientRole><id root="1.2.250.1.213.1.4.8" extension="${d.ins}"/></patientRole></recordTarget>
<author><assignedAuthor><assignedPerson><name><given>${text(d.author.given)}</given><family>${text(d.author.family)}</family><suffix>DR</suffix></name></assignedPerson></assignedAuthor></author>
<custodian><assignedCustodian><representedCustodianOrganization><name>${text(d.organisation)}</name></representedCustodianOrganization></assignedCustodian></custodian>
<component>${body}</component></ClinicalDocument>`;
}

/** What METADATA.XML says of a document. */
function entry(d, { name, content }, n) {
  const slot = (key, value) => `<rim:Slot name="${key}"><rim:ValueList><rim:Value>${value}</rim:Value></rim:ValueList></rim:Slot>`;
  return `<rim:ExtrinsicObject id="Document${n}" mimeType="text/xml">${slot('URI', name)}${slot('size', content.length)}
${slot('hash', createHash('sha1').update(content).digest('hex'))}<rim:Name><rim:LocalizedString value="${text(d.title)}"/></rim:Name>
<rim:ExternalIdentifier identificationScheme="urn:uuid:58a6f841-87b3-4a3e-92fd-a8ffeff98427" value="${d.ins}^^^&amp;1.2.250.1.213.1.4.8&amp;ISO"/></rim:ExtrinsicObject>`;
}

/** A ZIP file without compression (APPNOTE.TXT section 4.3). */
function zip(files) {
  const parts = [];
  const directory = [];
  let offset = 0;
  for (const { name, content } of files) {
    const common = Buffer.alloc(26); // from the version needed to the length of the extra field
    common.writeUInt16LE(20, 0);
    common.writeUInt32LE(crc32(content), 10);
    common.writeUInt32LE(content.length, 14);
    common.writeUInt32LE(content.length, 18);
    common.writeUInt16LE(name.length, 22);
    const central = Buffer.alloc(14); // from the length of the comment to the offset
    central.writeUInt32LE(offset, 10);
    parts.push(Buffer.from('PK\x03\x04'), common, Buffer.from(name), content);
    directory.push(Buffer.from('PK\x01\x02\x14\x00', 'latin1'), common, central, Buffer.from(name));
    offset += 30 + name.length + content.length;
  }
  const end = Buffer.alloc(22);
  end.write('PK\x05\x06', 'latin1');
  end.writeUInt16LE(files.length, 8);
  end.writeUInt16LE(files.length, 10);
  end.writeUInt32LE(Buffer.concat(directory).length, 12);
  end.writeUInt32LE(offset, 16);
  return Buffer.concat([...parts, ...directory, end]);
}
