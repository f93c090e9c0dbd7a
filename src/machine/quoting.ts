/** One argument, quoted so that a POSIX shell reads back exactly this text. */
export function quoted(argument: string): string {
  return /^[\w@%+=:,./-]+$/.test(argument) ? argument : `'${argument.replaceAll("'", `'\\''`)}'`;
}

/** An argument list as one line for a POSIX shell. */
export function shellLine(argv: readonly string[]): string {
  return argv.map(quoted).join(' ');
}
