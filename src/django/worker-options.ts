import type { Held } from './worker-messages.ts';

/** Whether content types, permissions and the project's own receivers are asked for by Django's signal. */
export type PostMigrate = 'auto' | 'always' | 'never';

export interface WorkerOptions {
  readonly signal?: AbortSignal | undefined;
  /** Told each line that the project prints. */
  readonly onLine?: ((line: string) => void) | undefined;
  /** Milliseconds until the project has to be up. Default: two minutes. */
  readonly startTimeout?: number | undefined;
  /** After so many tenants a new process takes over. Default: 2,000. */
  readonly tenantsPerProcess?: number | undefined;
  /** Beyond so many bytes of memory a new process takes over. Default: 400 MiB. */
  readonly memoryPerProcess?: number | undefined;
}

export interface TenantRequest {
  readonly schema: string;
  /** Of projects with several types of tenant. */
  readonly tenantType?: string | null | undefined;
  readonly postMigrate: PostMigrate;
  /** Milliseconds for this tenant; after that its outcome is unknown. */
  readonly timeout: number;
  /** Does everything in one transaction, and keeps it when the answer is `keep`. */
  readonly tryOut?: TryOut | undefined;
  readonly onBegun?: ((migration: string) => void) | undefined;
  readonly onApplied?: ((migration: string, milliseconds: number) => void) | undefined;
}

export interface TryOut {
  /** A question with $1 for the schema's name; asked inside the transaction. */
  readonly sql: string;
  /** Looks at the rows and at the locks on tables of other schemas. What it throws drops the work. */
  decide(held: Held): Promise<'keep' | 'drop'> | 'keep' | 'drop';
}
