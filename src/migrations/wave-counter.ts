import { showDuration } from '../ground/duration.ts';
import type { UserError } from '../ground/errors.ts';
import type { Log } from '../ground/log.ts';
import { grouped } from '../ground/words.ts';
import { type PlannedTenant, workSentence } from './plan.ts';
import type { Wave } from './rollout.ts';

/** Counts a wave, and says every tenth of it, or every quarter of a minute, how far it is. */
export class WaveCounter {
  readonly #wave: Wave;
  readonly #log: Log;
  readonly #started = performance.now();
  #begun = 0;
  #done = 0;
  #failed = 0;
  #shown = { tenth: 0, at: performance.now() };
  #slowest = { schema: '', milliseconds: 0 };

  constructor(wave: Wave, log: Log) {
    this.#wave = wave;
    this.#log = log;
  }

  next(): number {
    this.#begun += 1;
    return Math.min(this.#begun, this.#wave.tenants.length);
  }

  ended({ schema }: PlannedTenant, milliseconds: number, failure: UserError | undefined): void {
    this.#done += 1;
    if (failure !== undefined) this.#failed += 1;
    // Each failure is a line, as long as they are few; the summary has them all.
    if (failure !== undefined && this.#failed <= 5) this.#log.info(`✗ ${failure.message}`);
    if (milliseconds > this.#slowest.milliseconds) this.#slowest = { schema, milliseconds };
    const total = this.#wave.tenants.length;
    const tenth = Math.floor((this.#done * 10) / total);
    const now = performance.now();
    const worth = total <= 20 || tenth > this.#shown.tenth || now - this.#shown.at > 15_000;
    if (!worth || total === 1) return;
    this.#shown = { tenth, at: now };
    this.#log.info(total <= 20 ? `${this.#done} of ${total}: ${schema}` : this.#line(total));
  }

  #line(total: number): string {
    const seconds = (performance.now() - this.#started) / 1_000;
    const rate = this.#done / seconds;
    const left = ((total - this.#done) / rate) * 1_000;
    return [
      `${grouped(this.#done)} of ${grouped(total)} ${bar(this.#done / total)}`,
      `${rate >= 10 ? Math.round(rate) : rate.toFixed(1)}/s`,
      ...(this.#done === total ? [] : [`${showDuration(left)} left`]),
      ...(this.#failed === 0 ? [] : [`${this.#failed} failed`]),
    ].join('  ');
  }

  /** `10 of 10, slowest zeta 0.08 s`, `acme: orders.0011 and orders.0012`. */
  sentence(): string {
    const { tenants } = this.#wave;
    const [only] = tenants;
    const migrated = this.#done - this.#failed;
    if (tenants.length === 1 && only !== undefined && migrated === 1) {
      return `${only.schema}: ${workSentence(only)}`;
    }
    return [
      `${grouped(migrated)} of ${grouped(tenants.length)} ${only?.undo === undefined ? 'migrated' : 'undone'}`,
      ...(this.#failed === 0 ? [] : [`${this.#failed} failed`]),
      ...(this.#done > 1
        ? [`slowest ${this.#slowest.schema} ${showDuration(this.#slowest.milliseconds)}`]
        : []),
    ].join(', ');
  }
}

function bar(share: number): string {
  const full = Math.round(share * 20);
  return '█'.repeat(full) + '░'.repeat(20 - full);
}
