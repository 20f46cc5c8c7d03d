import { DEPLOY_STAGES } from "./kind-entry.ts";
import { apiKind, groupOf, KINDS, kindNamed, NAMES, UNREAD_KINDS } from "./registry.ts";

/**
 * Returns the rank of a kind in a deployment: its stage as a number from 0. An unregistered kind has the rank of
 * policies: after objects that it may refer to, and before the services.
 */
export function deployRank(apiVersion: string, kind: string): number {
  const name = kindNamed(apiVersion, kind);
  const entry =
    name === undefined
      ? UNREAD_KINDS.find(
          (unread) => unread.kind === kind && groupOf(unread.apiVersion) === groupOf(apiVersion),
        )
      : KINDS[name];
  return DEPLOY_STAGES.indexOf(entry?.stage ?? "policy");
}

/**
 * Returns the registered kinds in the order of their removal, without Namespaces: routes to the services come first.
 */
export function kindsInRemovalOrder(): { apiVersion: string; kind: string }[] {
  const unread = UNREAD_KINDS.map(({ apiVersion, kind }) => ({ apiVersion, kind }));
  const known = NAMES.filter((name) => kindNamed(KINDS[name].apiVersion, KINDS[name].kind) === name);
  return [...known.map(apiKind), ...unread]
    .filter(({ apiVersion, kind }) => kindNamed(apiVersion, kind) !== "namespaces")
    .sort((a, b) => deployRank(b.apiVersion, b.kind) - deployRank(a.apiVersion, a.kind));
}
