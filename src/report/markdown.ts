/** Small pieces of GitHub's Markdown. Text from outside is escaped where it would change the picture. */

export function table(header: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) => `| ${cells.map(cell).join(' | ')} |`;
  return [line(header), `|${header.map(() => '---').join('|')}|`, ...rows.map(line)].join('\n');
}

/** Something folded behind its title; as `text` it is shown to the letter. */
export function folded(
  title: string,
  content: string,
  as: 'markdown' | 'text' | 'yaml' | 'sql' = 'markdown',
): string {
  const body = as === 'markdown' ? content : `${fence(content)}${as}\n${content}\n${fence(content)}`;
  // A line that begins with a tag is HTML to its end: a backslash in it would be shown.
  return `<details><summary>${escapedHtml(title.replace(/\s+/g, ' '))}</summary>\n\n${body}\n\n</details>`;
}

export function quote(text: string): string {
  return text
    .split('\n')
    .map((line) => `> ${line}`)
    .join('\n');
}

export function bullet(text: string): string {
  return `- ${text.replaceAll('\n', ' ')}`;
}

function escapedHtml(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}

function cell(text: string): string {
  return text
    .replaceAll('\\', '\\\\')
    .replaceAll('|', '\\|')
    .replace(/\r?\n/g, '<br>')
    .replaceAll('<script', '&lt;script');
}

/** A fence longer than any run of backticks within. */
function fence(content: string): string {
  const longest = Math.max(2, ...[...content.matchAll(/`+/g)].map(([run]) => run.length));
  return '`'.repeat(longest + 1);
}
