/** GitHub's API as GitHub describes it: which requests there are, and what goes in and comes out. */
import { readFileSync } from 'node:fs';

import { Ajv, type ValidateFunction } from 'ajv';
import formats from 'ajv-formats';

import { githubDescription } from '../../lab/tools/github-description.ts';

type Schema = Readonly<Record<string, unknown>>;

interface Parameter {
  readonly name: string;
  readonly in: string;
  readonly required?: boolean;
  readonly schema: Schema;
}

interface Media {
  readonly schema?: Schema;
  readonly examples?: Readonly<Record<string, { readonly value: unknown }>>;
}

type Content = Readonly<Record<string, Media>> | undefined;

interface Described {
  readonly operationId: string;
  readonly parameters?: readonly unknown[];
  readonly requestBody?: { readonly required?: boolean; readonly content: Content };
  readonly responses: Readonly<Record<string, unknown>>;
}

interface Document {
  readonly paths: Readonly<Record<string, Readonly<Record<string, Described>>>>;
}

/** One kind of request. */
export interface Operation {
  /** GitHub's name for it: `issues/create-comment`. */
  readonly id: string;
  /** What the description says against a request; empty: nothing. */
  objections(request: Asked): string[];
  /** The status of a good answer, and GitHub's own example of one. */
  readonly answer: { readonly status: number; readonly example: unknown };
  /** What the description says against an answer of this status. */
  answerObjections(status: number, body: unknown): string[];
}

export interface Asked {
  readonly values: Readonly<Record<string, string>>;
  readonly query: URLSearchParams;
  readonly body: unknown;
}

export interface Found {
  readonly operation: Operation;
  /** The variable parts of the path. */
  readonly values: Readonly<Record<string, string>>;
}

export class Description {
  readonly #document: Document;
  readonly #paths: readonly { readonly pattern: RegExp; readonly path: string; readonly fixed: number }[];
  readonly #operations = new Map<Described, Operation>();

  constructor(document: Document) {
    this.#document = document;
    this.#paths = Object.keys(document.paths)
      .map((path) => ({
        path,
        pattern: new RegExp(`^${path.replace(/[.+]/g, '\\$&').replace(/\{(\w+)\}/g, '(?<$1>[^/]+)')}$`),
        fixed: path.replace(/\{\w+\}/g, '').length,
      }))
      .sort((one, other) => other.fixed - one.fixed);
  }

  static async read(): Promise<Description> {
    return new Description(JSON.parse(readFileSync(await githubDescription(), 'utf8')));
  }

  /** The request of this method and path; undefined where GitHub has none. */
  find(method: string, path: string): Found | undefined {
    for (const { pattern, path: template } of this.#paths) {
      const match = pattern.exec(path);
      const described = match && this.#document.paths[template]?.[method.toLowerCase()];
      if (match && described) {
        const values = Object.entries(match.groups ?? {}).map(([name, value]) => [
          name,
          decodeURIComponent(value),
        ]);
        return { operation: this.#operation(described), values: Object.fromEntries(values) };
      }
    }
    return undefined;
  }

  #operation(described: Described): Operation {
    const known = this.#operations.get(described) ?? this.#read(described);
    this.#operations.set(described, known);
    return known;
  }

  #read(described: Described): Operation {
    const parameters = (described.parameters ?? []).map((one) => this.#resolved(one) as Parameter);
    const bodySchema = described.requestBody?.content?.['application/json']?.schema;
    const status = Math.min(...Object.keys(described.responses).map(Number).filter(isGood));
    const media = (code: number) => {
      const response = this.#resolved(described.responses[code]) as { content?: Content } | undefined;
      return response?.content?.['application/json'];
    };
    const example = Object.values(media(status)?.examples ?? {})[0];
    const validators = new Map<unknown, ValidateFunction>();
    const against = (schema: Schema, value: unknown): string[] => {
      const validate = validators.get(schema) ?? this.#compiled(schema);
      validators.set(schema, validate);
      if (validate(value)) return [];
      return (validate.errors ?? []).map(
        ({ instancePath, message }) => `${instancePath || '(all of it)'} ${message}`,
      );
    };
    return {
      id: described.operationId,
      answer: { status, example: (this.#resolved(example) as { value?: unknown } | undefined)?.value },
      objections: ({ values, query, body }) => [
        ...parameters.flatMap(({ name, in: place, required = false, schema }) => {
          const given = place === 'path' ? values[name] : place === 'query' ? query.get(name) : undefined;
          if (given == null) return required && place !== 'header' ? [`${name} is missing`] : [];
          return against(schema, typed(given, this.#resolved(schema) as Schema)).map(
            (why) => `${name}: ${why}`,
          );
        }),
        ...[...query.keys()]
          .filter((name) => !parameters.some((one) => one.in === 'query' && one.name === name))
          .map((name) => `${name}: there is no such parameter`),
        ...(body === undefined
          ? described.requestBody?.required === true
            ? ['a body is missing']
            : []
          : bodySchema === undefined
            ? ['there is no body']
            : [...against(bodySchema, body), ...this.#unknownNames(bodySchema, body)]),
      ],
      answerObjections: (code, body) => {
        const schema = media(code)?.schema;
        return schema === undefined || body === undefined ? [] : against(schema, body);
      },
    };
  }

  /** GitHub overlooks what it does not know; whoever sends it means something that will not happen. */
  #unknownNames(schema: Schema, body: unknown): string[] {
    const { properties } = this.#resolved(schema) as { properties?: object };
    if (properties === undefined || typeof body !== 'object' || body === null) return [];
    return Object.keys(body)
      .filter((name) => !(name in properties))
      .map((name) => `${name}: there is no such property`);
  }

  /** What a `$ref` leads to. */
  #resolved(value: unknown): unknown {
    const { $ref } = (value ?? {}) as { $ref?: string };
    if ($ref === undefined) return value;
    return $ref
      .slice(2)
      .split('/')
      .reduce<unknown>((place, key) => (place as Record<string, unknown>)[key], this.#document);
  }

  /** A schema with everything that it leads to, in the words of JSON Schema. */
  #compiled(schema: Schema): ValidateFunction {
    const components: Record<string, unknown> = {};
    const translated = (value: unknown): unknown => {
      if (Array.isArray(value)) return value.map(translated);
      if (typeof value !== 'object' || value === null) return value;
      if ('$ref' in value && typeof value.$ref === 'string') {
        const name = value.$ref.split('/').at(-1) ?? '';
        if (!(name in components)) {
          components[name] = true; // schemas lead back to themselves
          components[name] = translated(this.#resolved(value));
        }
        return { $ref: `#/definitions/${name}` };
      }
      const { nullable, ...rest } = value as { nullable?: boolean };
      const own = Object.fromEntries(
        Object.entries(rest)
          .filter(([key]) => !['example', 'examples', 'discriminator'].includes(key))
          .map(([key, inner]) => [key, translated(inner)]),
      );
      return nullable === true ? { anyOf: [own, { type: 'null' }] } : own;
    };
    const root = translated(schema) as object;
    const ajv = new Ajv({ strict: false, allErrors: true, logger: false });
    formats.default(ajv);
    return ajv.compile({ allOf: [root], definitions: components });
  }
}

const isGood = (status: number) => status >= 200 && status < 300;

/** A value of a path or query, which are texts, as its schema takes it. */
function typed(given: string, { type }: Schema): unknown {
  if ((type === 'integer' || type === 'number') && /^-?\d+$/.test(given)) return Number(given);
  if (type === 'boolean' && /^(true|false)$/.test(given)) return given === 'true';
  return type === 'array' ? given.split(',') : given;
}
