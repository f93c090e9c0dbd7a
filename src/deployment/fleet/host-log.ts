import type { Log } from '../../ground/log.ts';

/**
 * The log of one server among several: every line says which server it is about. What the look at all servers has
 * told is not told again by the deployment.
 */
export function hostLog(log: Log, host: string): Log {
  const told = new Set<string>();
  const named = (text: string) => (text.includes(host) ? text : `${host}: ${text}`);
  const once = (text: string, tell: (text: string) => void) => {
    if (told.has(text)) return;
    told.add(text);
    tell(named(text));
  };
  return {
    step(label, text, milliseconds) {
      if (label === 'Plan') once(text, (line) => log.step(label, line, milliseconds));
      else log.step(label, named(text), milliseconds);
    },
    info: (text) => once(text, (line) => log.info(line)),
    debug: (text) => log.debug(named(text)),
    warning: (text) => once(text, (line) => log.warning(line)),
    details: (title, text) => log.details(named(title), text),
  };
}
