import * as z from 'zod';

import { failureShape, startFailure } from '../django/failures.ts';
import type { DjangoProject } from '../django/project.ts';
import type { TenantRequest, TenantResult } from '../django/worker.ts';
import { startProcess } from '../django/worker-process.ts';
import { LostConnection } from '../ground/errors.ts';
import type { Log } from '../ground/log.ts';
import { sessionName } from '../machine/project.ts';

/** One process of provision.py: the project's Python, started once, for everything that is done to tenants. */
export interface Provisioner {
  /** Why this process cannot make tables; undefined: it can. */
  readonly unsupported: string | undefined;
  /** Milliseconds of its start in which it read the project's migrations, which whoever makes tenants otherwise does, too. */
  readonly loading: number;
  /**
   * @param about what is asked, for people: `looking for acme`
   * @throws LostConnection when nobody knows what became of it
   */
  ask<T>(request: Request, answer: z.ZodType<T>, about: string): Promise<T>;
  /** Brings one tenant to head. @throws LostConnection */
  migrate(request: TenantRequest): Promise<TenantResult>;
  /** Idempotent. */
  end(): Promise<void>;
}

export interface Request {
  readonly do: string;
  readonly schema?: string;
  readonly [more: string]: unknown;
}

export interface ProvisionerOptions {
  readonly project: DjangoProject;
  readonly log: Log;
  readonly signal: AbortSignal;
}

/** Milliseconds for one request: it may have to wait for a lock. */
const patience = 5 * 60_000;

const failed = z.object({ failure: failureShape });

/**
 * Starts the process; one that is gone is replaced at the next request.
 * @throws UserError why the project cannot be started.
 */
export async function startProvisioner({ project, log, signal }: ProvisionerOptions): Promise<Provisioner> {
  const start = () => startProcess(project, { signal, onLine: (line) => log.debug(line) }, 'provision');
  let process = await start();
  const running = async () => {
    signal.throwIfAborted();
    if (process.isUsedUp) {
      await process.end();
      process = await start();
    }
    return process;
  };
  return {
    get unsupported() {
      return process.ready.unsupported ?? undefined;
    },

    get loading() {
      return process.ready.loading ?? 0;
    },

    async ask(request, answer, about) {
      const applicationName = sessionName(project, request.schema ?? request.do);
      const value = await (await running()).ask({ ...request, applicationName }, about, patience);
      const failure = failed.safeParse(value);
      if (!failure.success) return answer.parse(value);
      if (failure.data.failure.kind === 'connection') {
        throw new LostConnection(about, failure.data.failure.message);
      }
      throw startFailure(failure.data.failure, project);
    },

    migrate: async (request) => (await running()).migrate(request),

    end: () => process.end(),
  };
}
