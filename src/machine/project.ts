import type { Machine } from './machine.ts';
import type { Timeouts } from './timeouts.ts';

/** The code of an application and the place where its commands run, whatever it is written in. */
export interface Project {
  readonly machine: Machine;
  /** Where its commands run, on that machine. */
  readonly workingDirectory: string;
  /** What it reads: DATABASE_URL, DB_*, and whatever else it asks for. May hold secrets. */
  readonly env: Readonly<Record<string, string>>;
  /** The beginning of the names of all sessions of its commands, as PostgreSQL shows them. */
  readonly sessions?: string | undefined;
  /** What `env` asks of its sessions; whoever migrates makes sure that they have it. */
  readonly timeouts?: Timeouts | undefined;
}

/** The application name of a session of the project: the run and what it does. PostgreSQL cuts longer ones, with a notice. */
export function sessionName({ sessions = 'tenantry' }: Pick<Project, 'sessions'>, about: string): string {
  return `${sessions}/${about}`.replace(/[^\x20-\x7e]/g, '?').slice(0, 63);
}
