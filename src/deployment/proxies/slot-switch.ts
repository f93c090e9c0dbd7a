/** Replaces a container behind a proxy of the server: the next one gets the other of two loopback ports, and then the requests. */
import { isDeepStrictEqual } from 'node:util';

import { dockerOn } from '../../docker/docker.ts';
import type { Container } from '../../docker/inspect.ts';
import { UserError } from '../../ground/errors.ts';
import { lastWords, succeeded } from '../../machine/machine.ts';
import { releaseNameOf, releaseOf, workingNames } from '../releases/release.ts';
import type { Found } from '../releases/repair.ts';
import { askedOf } from '../request/asked.ts';
import type { DeployRequest } from '../request/request.ts';
import type { Work } from '../request/work.ts';
import type { Survey } from '../server/survey.ts';
import { Course, followed } from '../switch/switch-course.ts';
import {
  type Crossing,
  conclude,
  howItEnded,
  recovered,
  unsettled,
  whyItEnded,
} from '../switch/switch-end.ts';
import { launch, type SwitchRun } from '../switch/switch-run.ts';
import type { CaddyPointer, CaddyReload } from './caddy-move.ts';
import { isSameButForPointer } from './caddy-proof.ts';
import { type FrontMove, moveBy } from './front-choice.ts';
import { slotProgram } from './slot-program.ts';

/** Milliseconds for a question, and for removing what was made for nothing. */
const askTimeout = 30_000;

/**
 * Moves the requests by way of the proxy. `work` asks for the free slot.
 * @returns the container that serves now, as it was proven.
 * @throws UserError when the old version serves still, or again; the outcome says what serves.
 */
export async function changeSlot(
  work: Work,
  crossing: Crossing & { readonly move: FrontMove },
): Promise<Container> {
  const { host, request, machine, docker, ports } = work;
  const { release, current, spec, survey, folder, lease } = crossing;
  const { log, signal } = ports;
  const { next } = workingNames(request.container);
  const run: SwitchRun = { machine, folder, log };
  try {
    const move = crossing.move.proxy === 'caddy' ? await proven(work, survey, crossing.move) : crossing.move;
    await docker.create(spec);
    await docker.start(next);
    const program = slotProgram({ request, host, survey, current, release, move });
    await launch(run, 'deploy', { signal, program });
  } catch (error) {
    const cause = await whyItEnded(work, release, next).catch(() => undefined);
    // Nothing has been touched yet. What a lost connection leaves, the next run removes.
    const last = dockerOn(machine, { signal: AbortSignal.timeout(askTimeout), log });
    await last.remove(next).catch(() => {});
    throw cause ?? error;
  }
  const course = new Course(work, { release, old: releaseNameOf(current), lease });
  const ended = await followed(work, run, course);
  return conclude(work, crossing, { run, course, ended });
}

/** What Caddy makes of a text beside its file, so that what is imported is found. */
const adaptScript = `
  beside=\${1%/*}/.\${1##*/}.tenantry
  $2 tee "$beside" >/dev/null || exit
  caddy adapt --config "$beside" --adapter caddyfile 2>"\${TMPDIR:-/tmp}/tenantry-adapt.$$"
  code=$?
  [ $code -eq 0 ] || tail -n 1 "\${TMPDIR:-/tmp}/tenantry-adapt.$$" >&2
  $2 rm -f "$beside"
  rm -f "\${TMPDIR:-/tmp}/tenantry-adapt.$$"
  exit $code`;

/** What the changed file says must be what Caddy shall run with: asked of Caddy itself, before anything is touched. */
async function proven(
  work: Work,
  survey: Survey,
  move: CaddyPointer | CaddyReload,
): Promise<CaddyPointer | CaddyReload> {
  if (move.form === 'reload') {
    if (move.file === undefined) return move;
    const said = await adapted(work, survey, move.file.path, move.file.after);
    if (isDeepStrictEqual(parsed(said), move.file.expected)) return move;
    throw saysSomethingElse(work, move.file.path, said);
  }
  const { takeOver, slots } = move;
  if (takeOver?.file === undefined) return move;
  const { path, after } = takeOver.file;
  // The included files are not there yet.
  const text = takeOver.files.reduce(
    (all, file) => all.replaceAll(`import ${file.path}\n`, () => file.text),
    after,
  );
  const said = await adapted(work, survey, path, text);
  const { container } = work.request;
  if (!isSameButForPointer(parsed(said), takeOver.before, { ...slots, container })) {
    const { otherwise } = takeOver;
    if (otherwise === undefined) throw saysSomethingElse(work, path, said);
    work.ports.log.info(`${otherwise.why}: its configuration is loaded anew instead`);
    return proven(work, survey, otherwise);
  }
  return { ...move, takeOver: { ...takeOver, after: said.trim() } };
}

/** What Caddy makes of its file with another text. */
async function adapted(
  { machine, ports: { signal } }: Work,
  { isRoot }: Survey,
  path: string,
  text: string,
): Promise<string> {
  if (path.endsWith('.json')) return text;
  const argv = ['sh', '-c', adaptScript, 'adapt', path, isRoot ? '' : 'sudo -n'];
  const result = await machine.run(argv, { stdin: text, timeout: askTimeout, signal });
  return succeeded(result) ? result.stdout : lastWords(result, 1);
}

function saysSomethingElse({ machine }: Work, path: string, said: string): UserError {
  return new UserError(
    `The file ${path} of ${machine.name} cannot be changed as Caddy's configuration is — it would say something else than the port`,
    'write the address of the application only where Caddy hands requests to it, or choose strategy: bridge',
    { code: 'strategy-impossible', evidence: parsed(said) === undefined ? said.slice(0, 2_000) : '' },
  );
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function proxyOf(request: DeployRequest, survey: Survey): FrontMove | undefined {
  for (const proxy of ['caddy', 'nginx'] as const) {
    const move = moveBy(proxy, askedOf(request), survey, undefined);
    if (move !== undefined && 'slots' in move) return move;
  }
  return undefined;
}

/** What the proxy hands requests to now is what was to be new. */
function turned(move: FrontMove): FrontMove {
  const slots = { serving: move.slots.free, free: move.slots.serving };
  if (move.form === 'pointer' || move.proxy === 'nginx') return { ...move, slots };
  const { patch, file } = move;
  return {
    ...move,
    slots,
    patch: { path: patch.path, serving: patch.free, free: patch.serving },
    file: file && { ...file, before: file.after, after: file.before },
  };
}

/**
 * Brings it to its end; the program of that time knows how.
 * @throws UserError `deployment-unsettled`
 */
export async function settleSlots(
  work: Work,
  { found, survey, folder }: { found: Found; survey: Survey; folder: string },
): Promise<string> {
  const { host, request, machine, ports } = work;
  const { log } = ports;
  const run: SwitchRun = { machine, folder, log };
  log.step(
    'Repair',
    'an earlier deployment ended while its ports took turns: it will be finished, or undone',
  );
  if (!survey.hasSlotProgram) {
    const current = found.current ?? found.previous;
    const move = proxyOf(request, survey);
    if (move === undefined) throw unsettled(work, 'its program is gone');
    const release = found.next === undefined ? releaseOf(request) : releaseNameOf(found.next);
    const facts = {
      request,
      host,
      survey,
      current,
      release,
      move: turned(move),
    };
    await machine.writeFile(`${folder}/program`, slotProgram(facts), { mode: 0o600 });
  }
  const result = await recovered(work, run);
  if (result === undefined || result.result === 'stuck') {
    throw unsettled(work, result?.failed ?? 'its program was killed');
  }
  const said = howItEnded(result);
  log.info(said);
  return said;
}
