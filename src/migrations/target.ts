/** A migration to go back to: it stays, what came after it is undone. */
export interface Target {
  readonly app: string;
  /** Its name or the beginning of it, or `zero`: nothing of the app stays. */
  readonly migration: string;
}

/** `orders 0001_initial`. @throws RangeError with the rest of a sentence */
export function parseTarget(written: string): Target {
  const [, app, migration] = /^(\w+)[ \t]+(\w+)$/.exec(written.trim()) ?? [];
  if (app !== undefined && migration !== undefined) return { app, migration };
  throw new RangeError(
    `"${written}" is not an app and a migration, like orders 0001_initial, or orders zero`,
  );
}
