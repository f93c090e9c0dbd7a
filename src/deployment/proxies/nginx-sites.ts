/** Where an nginx of the server hands requests to an application, and what has to change there once. */
import { listed } from '../../ground/words.ts';
import type { ConfigFile, FrontForm, NginxSeen } from '../server/front.ts';
import type { Slots } from '../server/slots.ts';
import { type Directive, readNginxText } from './nginx-text.ts';

export interface TakeOver {
  readonly form: FrontForm;
  /** Files of the user that change, and how. */
  readonly sites: readonly { readonly path: string; readonly before: string; readonly after: string }[];
  /** New files, by their absolute path. `@SLOT@` in them stands for the port that serves. */
  readonly files: readonly ConfigFile[];
  /** A path is put before the application's own, or replaced: its own answer says less than the one through nginx. */
  readonly changesPath: boolean;
  /** `/etc/nginx/sites-enabled/shop:12: proxy_pass http://127.0.0.1:8000;`, a line each. */
  readonly lines: readonly string[];
}

/** The folder of an application, and the file that says by being there that the second slot serves. */
export function nginxFolder(container: string): string {
  return `/etc/nginx/tenantry/${container}`;
}
export function nginxMark(container: string): string {
  return `/var/lib/tenantry/${container}/second`;
}

interface Place {
  readonly file: ConfigFile;
  readonly directive: Directive;
  /** From the innermost block outwards. */
  readonly around: readonly Directive[];
  readonly uri: string;
}

/**
 * What has to change so that an application may serve from two ports in turn.
 * @returns why not, as a sentence without an end; undefined where nginx does not name the port.
 */
export function takeOverNginx(
  container: string,
  { serving, free }: Slots,
  seen: NginxSeen,
): TakeOver | { readonly obstacle: string } | undefined {
  const places: Place[] = [];
  for (const file of seen.files) {
    const directives = readNginxText(file.text);
    if (directives === undefined) return { obstacle: `${file.path} cannot be read as nginx reads it` };
    const odd = collect(file, directives, { serving, places });
    if (odd !== undefined) {
      return { obstacle: `${file.path} names port ${serving} in a way that is not understood (${odd})` };
    }
  }
  if (places.length === 0) return undefined;
  const form =
    places.every((place) => isPlain(place)) && seen.hasConfD && !seen.hasFileCache ? 'pointer' : 'reload';
  const sites = seen.files.flatMap((file) => {
    const own = places.filter((place) => place.file === file);
    return own.length === 0
      ? []
      : [{ path: file.path, before: file.text, after: included(own, { form, container, places, serving }) }];
  });
  return {
    form,
    sites,
    files:
      form === 'pointer'
        ? pointerFiles(container, serving, free)
        : distinct(places, serving).map((text, index) => ({
            path: `${nginxFolder(container)}/${index + 1}.conf`,
            text: `# slot @SLOT@\n${text}\n`,
          })),
    changesPath: places.some(({ uri }) => uri !== ''),
    lines: places.map(({ file, directive }) => {
      const line = file.text.slice(0, directive.start).split('\n').length;
      return `${file.path}:${line}: ${file.text.slice(directive.start, directive.end)}`;
    }),
  };
}

const address = /^(?:(?:http|grpc):\/\/)?(?:127\.0\.0\.1|localhost|\[::1\]):(\d+)(\/.*)?$/;

/** Adds the places of a file. @returns a directive that names the port otherwise */
function collect(
  file: ConfigFile,
  directives: readonly Directive[],
  { serving, places, around = [] }: { serving: number; places: Place[]; around?: readonly Directive[] },
): string | undefined {
  for (const directive of directives) {
    const { name, words, children } = directive;
    if (children !== undefined) {
      const odd = collect(file, children, { serving, places, around: [directive, ...around] });
      if (odd !== undefined) return odd;
    }
    const isPass = name === 'proxy_pass' || name === 'grpc_pass';
    const isServer = name === 'server' && around[0]?.name === 'upstream';
    const [, port, uri = ''] = address.exec(words[0] ?? '') ?? [];
    if ((isPass || isServer) && Number(port) === serving) places.push({ file, directive, around, uri });
    // The whole word, or with something behind it: 127.0.0.1:8000/check
    else if (name !== 'listen' && words.some((word) => new RegExp(`:${serving}(?!\\d)`).test(word)))
      return name;
  }
  return undefined;
}

/** Directives beside which a variable changes nothing. A block `if` in the same location would not have the others. */
const harmless =
  /^(proxy_(?!redirect|next_upstream|pass$|bind)\w+|client_\w+|add_header|limit_(?!except)\w+|auth_\w+|allow|deny|satisfy|access_log|error_log|gzip\w*|send_timeout|keepalive_timeout|expires|include|proxy_pass)$/;

/** Only the address changes with the slot: no path, and a Host header that does not come from the address. */
function isPlain({ directive, around, uri }: Place): boolean {
  const [location, outer] = around;
  if (directive.name !== 'proxy_pass' || uri !== '' || location?.name !== 'location') return false;
  if (directive.words[0]?.startsWith('http://') !== true) return false;
  const beside = location.children ?? [];
  if (!beside.every(({ name, words }) => harmless.test(name) && (name !== 'include' || isParameters(words))))
    return false;
  const own = beside.filter(({ name }) => name === 'proxy_set_header' || name === 'include');
  return (own.length > 0 ? own : (outer?.children ?? [])).some(
    ({ name, words }) =>
      (name === 'proxy_set_header' && words[0]?.toLowerCase() === 'host') ||
      (name === 'include' && isParameters(words)),
  );
}

/** Debian's file, which sets Host and the X-Forwarded- headers. */
function isParameters([path]: readonly string[]): boolean {
  return path === 'proxy_params' || path === '/etc/nginx/proxy_params';
}

/** The text of each distinct directive, with @SLOT@ for the port. */
function distinct(places: readonly Place[], serving: number): string[] {
  return [...new Set(places.map((place) => slotText(place, serving)))];
}

function slotText({ file, directive }: Place, serving: number): string {
  return file.text.slice(directive.start, directive.end).replace(new RegExp(`:${serving}(?!\\d)`), ':@SLOT@');
}

function included(
  own: readonly Place[],
  {
    form,
    container,
    places,
    serving,
  }: { form: FrontForm; container: string; places: readonly Place[]; serving: number },
): string {
  const all = distinct(places, serving);
  let text = own[0]?.file.text ?? '';
  for (const place of [...own].sort((one, two) => two.directive.start - one.directive.start)) {
    const name = form === 'pointer' ? 'location' : String(all.indexOf(slotText(place, serving)) + 1);
    const { start, end } = place.directive;
    text = `${text.slice(0, start)}include ${nginxFolder(container)}/${name}.conf;${text.slice(end)}`;
  }
  return text;
}

/** Each slot stands in for the other while that one refuses connections: an upload that began before the switch. */
function pointerFiles(container: string, first: number, second: number): ConfigFile[] {
  const name = `tenantry_${container.replace(/\W/g, '_')}`;
  const upstream = (which: string, [one, two]: readonly [number, number]) =>
    `upstream ${name}_${which} {\n  server 127.0.0.1:${one} max_fails=0;\n  server 127.0.0.1:${two} max_fails=0 backup;\n}\n`;
  return [
    {
      path: `/etc/nginx/conf.d/tenantry-${container}.conf`,
      text: `# The two ports of ${container}, which take turns; made by Tenantry.\n${upstream('first', [first, second])}${upstream('second', [second, first])}`,
    },
    {
      path: `${nginxFolder(container)}/location.conf`,
      text: `# Which of the two ports of ${container} serves: looked at with each request, so a switch needs no reload.
set $${name} ${name}_first;
if (-f ${nginxMark(container)}) { set $${name} ${name}_second; }
proxy_pass http://$${name};
`,
    },
  ];
}

/** For a plan. */
export function tellTakeOver({ lines, form }: TakeOver, container: string): string {
  return `${listed(lines)} will become an include of ${nginxFolder(container)} (${
    form === 'pointer' ? 'later switches need no reload' : 'each switch reloads nginx'
  }; the file as it is now is kept there)`;
}
