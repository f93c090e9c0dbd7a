import { parseWords, type Words } from '../machine/words.ts';

/** Commands that an input holds: one that is run once, and one that is run for each tenant. */

/** What stands for the tenant's schema in the words of a command. */
export const schemaPlace = '{schema}';
/** What stands for its primary domain, where a tenant is made. */
const domainPlace = '{domain}';

/** A command that is run once, and for no tenant. @throws RangeError with the rest of a sentence */
export function parseSharedCommand(written: string): Words {
  const words = oneCommand(written);
  if (!words.some((word) => word.includes(schemaPlace))) return words;
  throw new RangeError(
    `"${written.trim()}" has ${schemaPlace} — it is run once, before the tenants; what is for each of them is tenant-command`,
  );
}

/** A command that is run for each tenant. @throws RangeError with the rest of a sentence */
export function parseTenantCommand(written: string): Words {
  const words = oneCommand(written);
  requirePlace(words, written, `${written.trim() || 'migrate'} --schema=${schemaPlace}`);
  if (words[0]?.includes(schemaPlace)) {
    throw new RangeError(`"${written.trim()}" does not begin with a program`);
  }
  return words;
}

/** A command that tells the application of a new tenant, or has it forget one. @throws RangeError with the rest of a sentence */
export function parseRegisterCommand(written: string): Words {
  const words = parseTenantCommand(written);
  requireKnownPlaces(words, written);
  return words;
}

/** @throws RangeError with the rest of a sentence */
export function requireKnownPlaces(words: Words, line: string): void {
  for (const place of [schemaPlace, domainPlace]) requireNoCode(words, line, place);
  const strange = words.join(' ').match(/\{(?!schema\}|domain\})[^}]*\}/)?.[0];
  if (strange === undefined) return;
  throw new RangeError(`"${line.trim()}" has ${strange} — only {schema} and {domain} stand for something`);
}

/** @param example a command for the sentence, where the line has none */
export function requirePlace(words: Words, line: string, example: string): void {
  requireNoCode(words, line, schemaPlace);
  if (words.some((word) => word.includes(schemaPlace))) return;
  throw new RangeError(
    `"${line.trim()}" has no ${schemaPlace} — it is run for each tenant and must say for which, like: ${example}`,
  );
}

/** The words for one tenant: the schema's name is put into them as it is, and no shell reads it. */
export function forSchema(words: Words, schema: string): string[] {
  return words.map((word) => word.replaceAll(schemaPlace, () => schema));
}

/** The words for a tenant that is made, in the same way. */
export function forTenant(
  words: Words,
  { schema, domain }: { readonly schema: string; readonly domain: string },
): string[] {
  const names: Readonly<Record<string, string>> = { [schemaPlace]: schema, [domainPlace]: domain };
  return words.map((word) => word.replace(/\{schema\}|\{domain\}/g, (place) => names[place] ?? place));
}

/** A name is never code. @throws RangeError with the rest of a sentence */
function requireNoCode(words: Words, line: string, place: string): void {
  if (!scriptOfShell(words)?.includes(place)) return;
  throw new RangeError(
    `"${line.trim()}" has ${place} within what a shell reads, which takes a name for code — give it as an argument: ${words[0]} -c '… "$1" …' ${words[0]} ${place}`,
  );
}

function oneCommand(written: string): Words {
  if (/[\r\n]/.test(written.trim())) throw new RangeError('has several lines — it is one command');
  const words = parseWords(written);
  const sign = words.find((word) => /^(&&|\|\|?|;|&|[<>].*)$/.test(word));
  if (sign !== undefined) {
    throw new RangeError(
      `"${written.trim()}" has ${sign}, which means something to a shell, and none reads it — put it into a script, and name that`,
    );
  }
  return words;
}

function scriptOfShell([program = '', ...rest]: Words): string | undefined {
  if (!/(^|\/)(ba|da|z|k)?sh$/.test(program)) return undefined;
  const flag = rest.findIndex((word) => /^-[a-z]*c$/.test(word));
  return flag === -1 ? undefined : rest[flag + 1];
}
