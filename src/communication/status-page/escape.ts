/**
 * Text that anybody may have written, for pages and feeds that everybody reads: no control characters, nothing that turns
 * the direction of what follows, no half characters, no code points that XML forbids.
 */
export const harmless = (text: string): string =>
  text
    .toWellFormed()
    .replaceAll('\r\n', '\n')
    .replaceAll(
      /[\u0000-\u0008\u000B-\u001F\u007F-\u009F\u200B-\u200F\u202A-\u202E\u2060-\u206F\uFEFF\uFFFE\uFFFF]/g,
      '',
    )

/** The same as content or attribute of HTML and XML. */
export const escapeMarkup = (text: string): string =>
  harmless(text)
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;')
    .replaceAll("'", '&#39;')
