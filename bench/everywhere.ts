/** `migrate-schemas` where its users are: behind a bastion, in the application's image, with a backup before. */
interface Part {
  /** @param options the words after the part's name */
  run(options: readonly string[]): Promise<void>;
}

const parts: Readonly<Record<string, { about: string; load: () => Promise<Part> }>> = {
  places: {
    about: 'nothing pending: direct, through a bastion, in an image; round trips counted',
    load: () => import('./everywhere/places.ts'),
  },
  backup: {
    about:
      'a backup of 100 changed schemas in a database of 1,000, against one pg_dump a schema and one of everything',
    load: () => import('./everywhere/backup.ts'),
  },
};

export async function bench([name, ...options]: readonly string[]): Promise<void> {
  const chosen = name === undefined ? Object.values(parts) : [parts[name]];
  for (const part of chosen) {
    if (part === undefined) {
      for (const [each, { about }] of Object.entries(parts))
        console.log(`npm run bench -- everywhere ${each.padEnd(8)} ${about}`);
      process.exitCode = 2;
      return;
    }
    await (await part.load()).run(options);
  }
}
