/** Containers in which an action works on a database, and by which a later run finds what an earlier one left. */
export interface WorkContainer {
  readonly image: string;
  readonly name: string;
  /** The same for everybody who works on this database from there: a hash of its address. */
  readonly database: string;
  /** The run, as people find it. */
  readonly run: string;
  /** What it does, where that goes on without the runner. */
  readonly command?: string | undefined;
}

export const workLabels = {
  database: 'tenantry.work-database',
  run: 'tenantry.work-run',
  command: 'tenantry.work-command',
} as const;

/**
 * For `docker run`: a shell with its standard input, and the network of the machine, so that addresses mean there what
 * they mean outside. Nothing in it is secret.
 * @param program for `sh -c`
 */
export function workArguments(
  { image, name, database, run, command }: WorkContainer,
  options: readonly string[],
  program: string,
): string[] {
  const labels = {
    [workLabels.run]: run,
    // By these it is found; what ends with its runner is nobody else's business, and may wait for the lock meanwhile.
    ...(command === undefined ? {} : { [workLabels.database]: database, [workLabels.command]: command }),
  };
  return [
    ...['run', '--interactive', '--sig-proxy=false', '--pull', 'never'],
    ...['--network', 'host', '--no-healthcheck', '--restart', 'no'],
    ...['--name', name],
    ...Object.entries(labels).flatMap(([label, value]) => ['--label', `${label}=${value}`]),
    ...options,
    ...['--entrypoint', 'sh', image, '-c', program],
  ];
}
