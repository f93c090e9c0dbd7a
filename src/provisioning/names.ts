/** Names that a tenant may have. Each function returns what is wrong, or undefined. */

/** PostgreSQL's limit, in bytes. */
const longestIdentifier = 63;

/** django-tenants' own rule, and names that belong to somebody else. The shared schema is the root tenant's. */
export function schemaNameProblem(name: string, publicSchema = 'public'): string | undefined {
  if (name === publicSchema) return undefined;
  if (name === '') return 'it is empty';
  if (Buffer.byteLength(name) > longestIdentifier) {
    return `it has ${Buffer.byteLength(name)} bytes, PostgreSQL takes ${longestIdentifier}`;
  }
  const bad = [...name].find((character) => /["'\\;\p{Cc}]/u.test(character));
  if (bad !== undefined) return `it has the character ${JSON.stringify(bad)}`;
  if (name !== name.trim()) return 'it begins or ends with a blank';
  const folded = name.toLowerCase();
  if (folded.startsWith('pg_')) return 'names that begin with pg_ are PostgreSQL’s own';
  if (folded === 'information_schema') return 'it is PostgreSQL’s own';
  if (folded === 'public') return 'it is PostgreSQL’s own shared schema, which no tenant may have';
  return undefined;
}

/** A host name as the Host header carries it, without scheme, port and path. */
export function domainProblem(domain: string): string | undefined {
  if (domain === '') return 'it is empty';
  if (/^[a-z][a-z0-9+.-]*:\/\//i.test(domain)) return 'it is a URL: leave out the scheme';
  if (domain.includes('/')) return 'it has a path: only the host name belongs here';
  if (/:\d+$/.test(domain)) return 'it has a port: only the host name belongs here';
  if (domain !== domain.toLowerCase()) return 'it has capital letters, and host names arrive in small ones';
  if (domain.length > 253) return `it has ${domain.length} characters, a host name has at most 253`;
  const label = domain.split('.').find((part) => !/^(?!-)[a-z0-9_-]{1,63}(?<!-)$/.test(part));
  return label === undefined ? undefined : `"${label}" cannot be part of a host name`;
}
