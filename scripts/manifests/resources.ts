import { nearest } from "../nearest.ts";
import type { FieldPath, ManifestDocument } from "./document.ts";
import { isRecord } from "../schema/value.ts";
import {
  adapted,
  kindOfObject,
  KINDS,
  type KindName,
  listsByKind,
  NAMES,
  type ObjectOf,
} from "./kinds/registry.ts";
import { type Problem, problemAt } from "./problem.ts";
import { clusterOnlyFields, validate, type ValidateOptions } from "./validate.ts";

/** A typed object and the document that it was read from. */
export interface Sourced<T> {
  value: T;
  document: ManifestDocument;
  /** Fields of the document that were left out of the value, because the local mesh does not act on them. */
  unsupported?: readonly FieldPath[];
}

/** The objects of each kind, in the order of the files. */
export type ObjectLists = { [K in KindName]: Sourced<ObjectOf<K>>[] };

/** The objects of all folders. */
export type Resources = ObjectLists & {
  /** Fields that are for the cluster only and have no effect on one machine. */
  clusterOnly: { file: string; path: FieldPath }[];
};

/** Sorts documents by kind. An unknown kind, or an invalid object, is reported as a problem. */
export function collectResources(
  documents: readonly ManifestDocument[],
  options: ValidateOptions = {},
): { resources: Resources; problems: Problem[] } {
  const problems: Problem[] = [];
  const resources = emptyResources();
  const readings = readingsBy(options);
  for (const document of documents) {
    const name = readings.get(document)?.name ?? kindOf(document);
    if (name === undefined || !KINDS[name].local) problems.push(unreadable(document, options));
    else read(name, document);
  }
  return { resources, problems: [...problems, ...repeated(resources)] };

  function read<K extends KindName>(name: K, document: ManifestDocument): void {
    const reading = readingOf(name, document, options);
    problems.push(...reading.problems);
    if (reading.object === undefined) return;
    const lists: ObjectLists = resources;
    lists[name].push(reading.object);
    for (const path of reading.clusterOnly) resources.clusterOnly.push({ file: document.file, path });
  }
}

/** A document read as an object of its kind. */
interface ObjectReading<K extends KindName> {
  name: K;
  object: Sourced<ObjectOf<K>> | undefined;
  problems: readonly Problem[];
  clusterOnly: readonly FieldPath[];
}

/** Readings by document: an unchanged file is not validated again. */
const READINGS = {
  strict: new WeakMap<ManifestDocument, ObjectReading<KindName>>(),
  lenient: new WeakMap<ManifestDocument, ObjectReading<KindName>>(),
};

function readingsBy({ lenient }: ValidateOptions): WeakMap<ManifestDocument, ObjectReading<KindName>> {
  return lenient === true ? READINGS.lenient : READINGS.strict;
}

function readingOf<K extends KindName>(
  name: K,
  document: ManifestDocument,
  options: ValidateOptions,
): ObjectReading<K> {
  const readings = readingsBy(options);
  const known = readings.get(document);
  if (known !== undefined && isOf(known, name)) return known;
  const schema: (typeof KINDS)[K]["schema"] = KINDS[name].schema;
  const served = options.lenient === true ? adaptedDocument(name, document) : { document, problems: [] };
  const { value, problems, unsupported } = validate(schema, served.document, options);
  const reading: ObjectReading<K> = {
    name,
    object: value === undefined ? undefined : { value, document, unsupported },
    problems: [...served.problems, ...problems],
    clusterOnly: value === undefined ? [] : clusterOnlyFields(schema, value),
  };
  readings.set(document, reading);
  return reading;
}

/** A document as the local mesh serves it, and a warning for each difference. */
function adaptedDocument(
  name: KindName,
  document: ManifestDocument,
): { document: ManifestDocument; problems: Problem[] } {
  const served = adapted(name, document.value);
  if (served === undefined || served.differences.length === 0) return { document, problems: [] };
  const { value, differences, pathInFile } = served;
  return {
    document: {
      file: document.file,
      value,
      at: (path) => document.at(pathInFile(path)),
      atKey: (path) => document.atKey(pathInFile(path)),
    },
    problems: differences.map(({ path, message }) => problemAt("ignored-field", document, path, { message })),
  };
}

function isOf<K extends KindName>(reading: ObjectReading<KindName>, name: K): reading is ObjectReading<K> {
  return reading.name === name;
}

export function emptyResources(): Resources {
  return { ...listsByKind<ObjectLists>(), clusterOnly: [] };
}

/** Objects that are described by two documents, of kinds that must not be. */
export function repeated(resources: Resources): Problem[] {
  return NAMES.filter((name) => !KINDS[name].mayRepeat).flatMap((name) => [
    ...describedTwice(resources[name]),
  ]);
}

/** Returns the kind of a document; undefined if this tool does not read it. */
export function kindOf({ value }: ManifestDocument): KindName | undefined {
  return isRecord(value) ? kindOfObject(value) : undefined;
}

function unreadable(document: ManifestDocument, { lenient }: ValidateOptions): Problem {
  const { value } = document;
  if (!isRecord(value))
    return problemAt("not-an-object", document, [], {
      message: "this is not a Kubernetes object",
      fix: "give apiVersion, kind and metadata",
    });
  const { apiVersion, kind } = value;
  if (kind === undefined)
    return problemAt("missing-field", document, [], {
      name: "kind",
      message: "kind is missing",
      fix: "add kind, a string",
    });
  if (typeof kind !== "string")
    return problemAt("wrong-type", document, ["kind"], {
      message: "this is not a kind",
      fix: "write a string",
    });
  const local = NAMES.map((name) => KINDS[name]).filter((entry) => entry.local);
  const versions = [
    ...new Set(local.filter((entry) => entry.kind === kind).map((entry) => entry.apiVersion)),
  ];
  if (versions.length > 0) {
    const write = versions.join(" or ");
    if (apiVersion === undefined)
      return problemAt("missing-field", document, [], {
        name: "apiVersion",
        message: "apiVersion is missing",
        fix: `add ${write}`,
      });
    return problemAt("api-version", document, ["apiVersion"], {
      message: `${apiVersion} has no ${kind}`,
      fix: `write ${write}`,
    });
  }
  const near = nearest(
    kind,
    local.map((entry) => entry.kind),
  );
  if (lenient && near === undefined)
    return problemAt("ignored-kind", document, ["kind"], {
      message: `${kind} is not known here, and ignored`,
    });
  return problemAt("unknown-kind", document, ["kind"], {
    message: `${kind} is not known here`,
    fix:
      near === undefined
        ? "keep what is for the cluster only outside the folders that the local mesh reads"
        : `did you mean ${near}?`,
    name: kind,
    near,
  });
}

/** On a cluster, the second object of a name would replace the first. */
function* describedTwice(
  list: readonly Sourced<{ kind: string; metadata: { name: string; namespace?: string } }>[],
): Generator<Problem> {
  const first = new Map<string, ManifestDocument>();
  for (const { value, document } of list) {
    const key = objectKey(value);
    const other = first.get(key);
    if (other === undefined) first.set(key, document);
    else {
      const message = `${value.kind} ${key} is described in ${other.file} already`;
      yield problemAt("described-twice", document, ["metadata", "name"], {
        message,
        fix: "keep one of the two",
      });
    }
  }
}

/** `namespace/name` by object: of thousands, an edit changes few. */
const objectKeys = new WeakMap<object, string>();

function objectKey(value: { metadata: { name: string; namespace?: string } }): string {
  const known = objectKeys.get(value);
  if (known !== undefined) return known;
  const { name, namespace = "default" } = value.metadata;
  const key = `${namespace}/${name}`;
  objectKeys.set(value, key);
  return key;
}
