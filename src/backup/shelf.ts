/** Where backups stand. */

export interface Shelf {
  /** For people: `this machine`, `deploy@web-1`. */
  readonly place: string;
  readonly folder: string;
  /** Begins a backup: a folder that nobody takes for a whole one. @throws UserError `cannot-write` */
  begin(id: string): Promise<Unfinished>;
  /** The backups that are whole, oldest first, and what was left unfinished. */
  list(): Promise<Standing>;
  /** The text of a backup's manifest; undefined when there is no such backup. */
  manifest(id: string): Promise<string | undefined>;
  /** A copy of a file on this machine, or the file itself. */
  fetch(id: string, file: string): Promise<string>;
  /** Removes the files of a backup, whole or not, and its folder if nothing else is in it. */
  remove(folder: string): Promise<void>;
  /** Removes what `fetch` has copied. */
  close(): Promise<void>;
}

export interface Standing {
  readonly whole: readonly string[];
  /** Names of folders, with `.unfinished` at their end. */
  readonly unfinished: readonly string[];
}

/** A backup in the making. */
export interface Unfinished {
  /** A folder on this machine for what is not proven yet. */
  readonly workshop: string;
  /** Takes a file of the workshop over. @throws UserError `cannot-write`, `disk-full` */
  take(file: string): Promise<void>;
  /** From now on it is a whole one. @returns its folder */
  finish(): Promise<string>;
  /** Removes what there is of it; never fails. */
  giveUp(): Promise<void>;
}

export const unfinishedEnd = '.unfinished';

/** Names of our files; others are a stranger's. */
export const ourFile = /^(manifest\.json|archive-\d+\.dump(\.age)?)(\.\d+\.tmp)?$/;
