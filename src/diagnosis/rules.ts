/** All rules, in the order in which they are tried: the first whose signals are all there speaks. */
import { endRules, healthRules, portRules, programRules, waitingRules } from './container-rules.ts';
import { dockerRules } from './docker-rules.ts';
import type { Evidence } from './evidence.ts';
import { hasEnded, type Rule } from './rule.ts';

/** For the documentation, and for tests of the order. */
export const rules = {
  /** What Docker said outweighs everything: it never came to the program. */
  docker: dockerRules,
  ended: [...endRules, ...programRules],
  /**
   * Nobody can reach a wrong port, whatever the log says; what the program says of itself outweighs what its health check
   * saw of that.
   */
  running: [...portRules, ...healthRules, ...programRules, ...waitingRules],
} as const;

/** Which of them are tried. */
export function rulesFor(evidence: Evidence): readonly Rule[] {
  const { docker = '', container, log, answer } = evidence;
  const ofDocker = docker === '' ? [] : rules.docker;
  if (container !== undefined && hasEnded(container.status)) return [...ofDocker, ...rules.ended];
  // An answer with another content than was expected is told as such: no line of a log is its reason.
  if (answer !== undefined && !mayBeOfProgram.test(answer.code)) return [];
  return container === undefined && log === undefined ? ofDocker : [...ofDocker, ...rules.running];
}

const mayBeOfProgram = /^(?:health-(?:server-error|refused|no-answer|cut-off)|container-)/;
