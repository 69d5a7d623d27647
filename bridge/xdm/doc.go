// Package xdm reads the health documents that professionals' software attaches to messages: IHE XDM
// archives (IHE_XDM.zip: METADATA.XML and the documents it describes, R96 to R98) and CDA R2 documents,
// in an archive or attached by themselves.
//
// It tells what a document is (title, kind, date, author), whose it is (the matricules by which D31
// decides), whether its bytes are those that METADATA.XML announces, and offers the PDF that it embeds
// (OP14). It only ever reads METADATA.XML and the files that METADATA.XML names: INDEX.HTM, style
// sheets, nested archives and references to other places are never opened, executed or followed.
//
// Whatever arrives, cost is bounded (O171, [Limits]). A file is held in memory, at most as large as a
// message, and only so many at once in the whole process: [Reader] hands out places and the others wait.
// Archives are judged by their directory before anything is expanded; what is expanded, and how many XML
// elements are read, counts against one budget per message. XML with a document type declaration is
// refused, so no entity can be declared; text that nobody asks for is dropped before it is gathered.
//
// An error means that a file is not what it seems or cannot be read, and never that the message is to be
// refused: it is delivered with a notice (D31).
//
// Start with [NewReader].
package xdm
