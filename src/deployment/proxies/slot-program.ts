/** The program that moves an application from one slot to the other, with what it has to know: one file on the server. */
import { quoted } from '../../machine/quoting.ts';
import { outsideProbe } from '../request/health-probe.ts';
import { serverScript } from '../server/server-script.ts';
import { commonProgram, commonSettings, type ProgramFacts, textOf } from '../switch/program-settings.ts';
import type { CaddyPointer, CaddyReload } from './caddy-move.ts';
import { caddyFolder, caddyMark, caddyVariable } from './caddy-pointer.ts';
import type { FrontMove, NginxMove } from './front-choice.ts';
import { nginxFolder, nginxMark } from './nginx-sites.ts';

export type SlotFacts = Omit<ProgramFacts, 'ports'> & { readonly move: FrontMove };

/** The whole file. Nothing in it is secret. */
export function slotProgram(facts: SlotFacts): string {
  const { move } = facts;
  const front = move.proxy === 'nginx' ? nginxSettings(move, facts) : caddySettings(move, facts);
  const sites = move.form === 'pointer' || move.proxy === 'nginx' ? takenOver(move) : '';
  return `${textOf({ WAY: 'slots', ...slotSettings(facts), ...front })}${sites}\n${[commonProgram(), serverScript(move.proxy), serverScript('slots')].join('\n')}`;
}

function slotSettings({ request, host, survey, current, release, move }: SlotFacts) {
  const probe = outsideProbe(request, host);
  const url = probe?.url;
  const port = url?.port || (url?.protocol === 'https:' ? '443' : '80');
  const places = [`127.0.0.1:${port}`, ...(survey.own === undefined ? [] : [`${survey.own}:${port}`])];
  return {
    ...commonSettings({ request, host, survey, current, release }),
    APP: request.container,
    NEW_SLOT: move.slots.free,
    OLD_SLOT: move.slots.serving,
    // The container is asked as the proxy asks it.
    HTTP: url === undefined ? '' : 'curl',
    KIND: move.changesPath ? 'any' : 'good',
    HEALTH_SCHEME: 'http',
    HEALTH_HOST: probe?.host ?? url?.host ?? '',
    HEALTH_PORT: request.ports[0]?.containerPort ?? 0,
    HEALTH_PATH: url === undefined ? '/' : `${url.pathname}${url.search}`,
    FORWARDED: url?.protocol === 'https:' ? 'https' : 'http',
    FRONT: url === undefined ? '' : places.join(' '),
    FRONT_URL: url?.href ?? '',
    FRONT_HOST: probe?.host ?? '',
  };
}

function nginxSettings({ form, first, second, takeOver }: NginxMove, { request }: SlotFacts) {
  return {
    NGINX: nginxFolder(request.container),
    MARK: nginxMark(request.container),
    FORM: form,
    FIRST: first,
    SECOND: second,
    TAKEN: takeOver === undefined ? 'yes' : 'no',
  };
}

function caddySettings(move: CaddyPointer | CaddyReload, { request }: SlotFacts) {
  const { form } = move;
  const common = { API: 'http://localhost:2019', FORM: form };
  if (form === 'pointer') {
    const { first, second, takeOver } = move;
    return {
      ...common,
      CADDY: caddyFolder(request.container),
      MARK: caddyMark(request.container),
      VARIABLE: caddyVariable(request.container),
      FIRST: first,
      SECOND: second,
      TAKEN: takeOver === undefined ? 'yes' : 'no',
      CONFIG_OLD: takeOver === undefined ? '' : JSON.stringify(takeOver.before),
      CONFIG_NEW: takeOver?.after ?? '',
      FILE: takeOver?.file?.path ?? '',
      FILE_OLD: takeOver?.file?.before ?? '',
      FILE_NEW: takeOver?.file?.after ?? '',
    };
  }
  const { patch, file } = move;
  return {
    ...common,
    PLACE: patch.path,
    PART_OLD: JSON.stringify(patch.serving),
    PART_NEW: JSON.stringify(patch.free),
    FILE: file?.path ?? '',
    FILE_OLD: file?.before ?? '',
    FILE_NEW: file?.after ?? '',
  };
}

/** The files of a take-over, one after the other: `site N` and `file N` set what they are, and fail behind the last. */
function takenOver(move: NginxMove | CaddyPointer): string {
  const { takeOver, slots } = move;
  const sites = (move.proxy === 'nginx' ? (move.takeOver?.sites ?? []) : []).map(
    ({ path, before, after }) => ({
      path,
      before,
      after,
      template: '',
    }),
  );
  const files = (takeOver?.files ?? []).map(({ path, text }) => {
    const after = text.replaceAll('@SLOT@', String(slots.serving)).trimEnd();
    return { path, before: '', after, template: text.trimEnd() };
  });
  return `${numbered('site', sites)}${numbered('file', files)}`;
}

function numbered(name: string, all: readonly Readonly<Record<string, string>>[]): string {
  const cases = all.map((one, index) => {
    const values = Object.entries(one).map(([key, value]) => `${key}=${quoted(value)}`);
    return `    ${index + 1}) ${values.join(' ')} ;;\n`;
  });
  return `${name}() {\n  case $1 in\n${cases.join('')}    *) return 1 ;;\n  esac\n}\n`;
}
