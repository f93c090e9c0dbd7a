import { type Scheme, schemes } from '../../../src/database/url-scheme.ts';

/** What libpq would say of a text that it does not take for a URL, or that we do not read as it does. */
export interface Difference {
  readonly why: string;
  /** Whether the text is concerned. */
  readonly concerns: (text: string) => boolean;
  /** What is asked of libpq instead; `refused` when we refuse whatever libpq does. */
  readonly instead: (text: string) => string | 'refused';
}

const libpqSchemes = ['postgresql', 'postgres'];
const ownSchemes: readonly Scheme[] = schemes.filter((scheme) => !libpqSchemes.includes(scheme));
const begins = (text: string, names: readonly string[]) =>
  names.some((name) => text.startsWith(`${name}://`));

/** The whole list: any other disagreement with libpq is a defect. */
export const differences: readonly Difference[] = [
  {
    why: 'a NUL character is refused, where libpq takes it for the end of the text',
    concerns: (text) => text.includes('\0'),
    instead: () => 'refused',
  },
  {
    why: "Django's own schemes are read like postgresql://",
    concerns: (text) => begins(text, ownSchemes),
    instead: (text) => text.replace(/^\w+/, 'postgresql'),
  },
  {
    why: "libpq's other form, name=value, is no URL and is refused",
    concerns: (text) => !begins(text, [...libpqSchemes, ...ownSchemes]),
    instead: () => 'refused',
  },
];
