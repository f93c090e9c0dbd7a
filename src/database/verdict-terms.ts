import type { FailureCode } from '../ground/failure-codes.ts';
import type { SslMode } from './tls-plan.ts';

/** What a verdict needs to know besides what was observed. */
export interface Circumstances {
  /** `db.internal:5432`, or `the socket in /run/postgresql (port 5432)`. */
  readonly server: string;
  /** The host alone, when a name had to be resolved. */
  readonly host: string;
  /** `the database shop`. */
  readonly database: string;
  readonly user: string;
  readonly sslMode: SslMode;
  /** Without TLS it has no rule for us; with TLS, so we have asked, it has one. */
  readonly tlsHelps?: boolean | undefined;
  /** Milliseconds that one try may take. */
  readonly timeout: number;
  /** When it was tried more than once. */
  readonly tried?: { readonly attempts: number; readonly milliseconds: number } | undefined;
  /** `deploy@bastion`: who connects for us, and resolves the name. */
  readonly through?: string | undefined;
  /** The names above are hidden, and so must be what the server says: it repeats them. */
  readonly discreet: boolean;
}

/** Whether another try can help: `briefly` means a few, no more. */
export type Waiting = 'helps' | 'helps briefly' | 'is useless';

/** What an observation means. */
export interface Verdict {
  readonly code: FailureCode;
  readonly failed: string;
  readonly observed: string;
  readonly hint: string;
  readonly waiting: Waiting;
}

/** At the beginning of a sentence; names stay as they are. */
export const capitalised = (text: string): string => (text.startsWith('the ') ? `T${text.slice(1)}` : text);
