import { isLibrary, nodeFile, pythonFile, withoutPrefix } from './traceback.ts';

/** More frames of libraries in a row than these are told by their number: the project's own are what is looked for. */
const shownFrames = 2;

/** A log for people: of its tracebacks, what the project can mend. */
export function withoutLibraries(text: string): string {
  const kept: string[] = [];
  let left: string[] = [];
  let frames = 0;
  const settle = () => {
    kept.push(...(frames > shownFrames ? [`  … ${frames} frames of libraries`] : left));
    left = [];
    frames = 0;
  };
  let isOfLibrary = false;
  for (const line of text.split('\n')) {
    const bare = withoutPrefix(line);
    const file = pythonFile(bare) ?? nodeFile(bare);
    if (file !== undefined) isOfLibrary = isLibrary(file);
    else if (!/^ {4,}\S/.test(bare)) isOfLibrary = false; // otherwise it is the code of the frame before it
    if (isOfLibrary) {
      left.push(line);
      if (file !== undefined) frames += 1;
    } else {
      settle();
      kept.push(line);
    }
  }
  settle();
  return kept.join('\n');
}
