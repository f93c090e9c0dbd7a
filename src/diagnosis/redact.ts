/**
 * A text of somebody else's program, without what looks like a secret: passwords in addresses, and values after names that
 * sound secret. Secrets that are known are masked by the step itself; these are the ones that it was never told.
 */
export function withoutSecrets(text: string): string {
  return text
    .replace(/([a-z][a-z0-9+.-]*:\/\/[^\s:/@]*):[^\s@/]+@/gi, '$1:***@')
    .replace(
      /((?:["']?)[\w-]*(?:password|passwd|secret|token|api[_-]?key|private[_-]?key|credential)[\w-]*["']?\s*[=:]\s*)(["']?)(?![a-z_][\w.]*\(["'][\w.-]+["']|is\b|not\b|must\b|\*\*\*|None\b|null\b)[^\s"',;)}\]]{4,}\2/gi,
      '$1$2***$2',
    )
    .replace(/(authorization:\s*\w+\s+)\S+/gi, '$1***');
}
