import type { DjangoProject } from './project.ts';
import type { Ready, TenantResult } from './worker-messages.ts';
import type { TenantRequest, WorkerOptions } from './worker-options.ts';
import { startProcess } from './worker-process.ts';

export type { ForeignLock, Held, Ready, TenantResult } from './worker-messages.ts';
export type { PostMigrate, TenantRequest, TryOut, WorkerOptions } from './worker-options.ts';
export { WorkerUnsupported } from './worker-unsupported.ts';

/** The project's Python, started once, that migrates tenant after tenant; one at a time. */
export interface Worker {
  /** Of the process that is running now, or was the last. */
  readonly ready: Ready;
  /** Has it work out what tenants like this one need, before the first of them comes. Changes nothing. */
  prepare(example: TenantRequest): Promise<void>;
  /**
   * Brings one tenant to the head of the project's migrations. The worker stays usable whatever happens to one
   * tenant: a process that is gone is replaced when the next one comes.
   * @throws LostConnection when the outcome is not known: look into the ledger.
   */
  migrate(request: TenantRequest): Promise<TenantResult>;
  /** Ends the process. Idempotent. */
  end(): Promise<void>;
}

/**
 * Starts the worker, whose sessions are named `<project.sessions>/<schema>`.
 * @throws WorkerUnsupported when another engine has to do the work.
 * @throws UserError why the project cannot be started (see `probe`).
 */
export async function startWorker(project: DjangoProject, options: WorkerOptions = {}): Promise<Worker> {
  let process = await startProcess(project, options);
  return {
    get ready() {
      return process.ready;
    },

    prepare: (example) => process.prepare(example),

    async migrate(request) {
      options.signal?.throwIfAborted();
      if (process.isUsedUp) {
        await process.end();
        process = await startProcess(project, options);
      }
      return process.migrate(request);
    },

    end: () => process.end(),
  };
}
