import { showDuration } from '../ground/duration.ts';

/**
 * Of a container that went on after it was told to end, and was killed. No failure, but each deployment waits for it, and
 * what it was doing is lost.
 * @param patience milliseconds that it had.
 */
export function deafToEnding(called: string, patience: number): string {
  return `${called} did not end within ${showDuration(patience)} when it was told to (SIGTERM), and was killed — a shell, or a program that does not listen, as its first process: write its command as a list (exec form), set init: true, or let it listen to SIGTERM`;
}

/** How Docker shows that a container that was told to end had to be killed. */
export const killedExitCode = 137;
