/** Text that is HTML already; whatever else reaches a page goes through {@link markup} and is escaped there. */
export class Markup {
  constructor(readonly html: string) {}
}

export type Content = string | number | Markup | readonly Content[];

/** Template tag for HTML: every interpolated value that is not `Markup` is escaped, for text and quoted attributes. */
export function markup(strings: TemplateStringsArray, ...values: readonly Content[]): Markup {
  return new Markup(String.raw({ raw: strings }, ...values.map(toHtml)));
}

/** One line of prose in which `` `code` `` is set as code. */
export function prose(text: string): Markup {
  return new Markup(escapeHtml(text).replace(/`([^`]+)`/g, '<code>$1</code>'));
}

/** Prose whose paragraphs are parted by empty lines. */
export function paragraphs(text: string): readonly Markup[] {
  return text
    .split(/\n\s*\n/)
    .filter((paragraph) => paragraph.trim() !== '')
    .map((paragraph) => markup`<p>${prose(paragraph.trim())}</p>\n`);
}

/** A block of code with the line above it that says what it is. */
export function codeBlock(caption: Content, code: Content): Markup {
  return markup`<figure>
<figcaption>${caption}</figcaption>
<pre><code>${code}</code></pre>
</figure>
`;
}

export interface Table {
  readonly caption: Content;
  /** For the layout of the columns. */
  readonly className: string;
  readonly columns: readonly string[];
  /** The first cell of a row is its header. */
  readonly rows: readonly (readonly [Content, ...Content[]])[];
}

export function table({ caption, className, columns, rows }: Table): Markup {
  return markup`<table class="${className}">
<caption>${caption}</caption>
<thead><tr>${columns.map((column) => markup`<th scope="col">${column}</th>`)}</tr></thead>
<tbody>
${rows.map(
  ([header, ...cells]) =>
    markup`<tr><th scope="row">${header}</th>${cells.map((cell) => markup`<td>${cell}</td>`)}</tr>\n`,
)}</tbody>
</table>
`;
}

function toHtml(content: Content): string {
  if (content instanceof Markup) return content.html;
  if (typeof content === 'object') return content.map(toHtml).join('');
  return escapeHtml(String(content));
}

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (character) => ENTITIES[character] ?? character);
}
