/** Receives one line when a part is up, and one for each step that takes long. */
export type Progress = (part: string, text: string, seconds?: number) => void;

/** Does `work` and reports its text with the seconds that it took. */
export async function timed(progress: Progress, name: string, work: () => Promise<string>): Promise<void> {
  const start = performance.now();
  progress(name, await work(), (performance.now() - start) / 1000);
}
