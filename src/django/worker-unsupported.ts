import { UserError } from '../ground/errors.ts';

/** This project is not one for the worker. Nothing was changed; the project's own command does the same work. */
export class WorkerUnsupported extends UserError {
  /** In words: `it has django-tenants 3.6, and the worker knows 3.7 to 4.x`. */
  readonly reason: string;

  constructor(reason: string) {
    super(
      `The worker cannot migrate this project — ${reason}`,
      'set engine to auto or django: the project’s own migrate_schemas does the same work, slower',
      { code: 'worker-unsupported' },
    );
    this.name = 'WorkerUnsupported';
    this.reason = reason;
  }
}
