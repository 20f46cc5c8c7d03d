import Type, { type Static } from "typebox";
import { Check } from "typebox/schema";
import { manifestFolders } from "./folders.ts";
import { kindNamed } from "./kinds/registry.ts";
import { readDocuments } from "./read.ts";

/** Kubernetes' default namespace. */
const DEFAULT_NAMESPACE = "default";

const Named = Type.Object({
  apiVersion: Type.String(),
  kind: Type.String(),
  metadata: Type.Object({ name: Type.String(), namespace: Type.Optional(Type.String()) }),
});
type Named = Static<typeof Named>;

/**
 * Returns the namespace of the files below a folder: that of its Knative Services, or else of all its objects;
 * `default` if they have none, or several.
 * @param service a Knative Service that selects its namespace if there are several
 */
export async function namespaceOfFiles(root: string, service?: string): Promise<string> {
  const { documents } = await readDocuments(root, manifestFolders(root));
  return namespaceIn(
    documents.map(({ value }) => value),
    service,
  );
}

/** The same of objects that were read. */
export function namespaceIn(values: readonly unknown[], service?: string): string {
  const objects = values.filter((value): value is Named => Check(Named, value));
  const services = objects.filter(
    ({ apiVersion, kind }) => kindNamed(apiVersion, kind) === "knativeServices",
  );
  const named = services.filter(({ metadata }) => metadata.name === service);
  for (const among of [named, services, objects]) {
    const namespaces = new Set(among.flatMap(({ metadata }) => metadata.namespace ?? []));
    const [only] = namespaces;
    if (only !== undefined && namespaces.size === 1) return only;
  }
  return DEFAULT_NAMESPACE;
}
