import { gunzipSync, gzipSync } from "node:zlib";
import type { Kube } from "../../cluster/kube/client.ts";
import { configMap, readConfigMap } from "../../cluster/kube/config-map.ts";
import { rolloutName } from "../lock/lease-lock.ts";
import type { EvidenceStore } from "./evidence-log.ts";

const MANAGER = "kyc-rollout";

/**
 * The largest part of the evidence in a ConfigMap, in characters of base64. There are two parts, and an object of a
 * cluster holds 1 MiB. Counters that are read every few seconds fill a part in some hours.
 */
export const MOST_IN_MAP = 350 * 1024;

/** Returns the name of the ConfigMap with the evidence of a service's last rollout in the cluster. */
export function evidenceName(service: string): string {
  return `${rolloutName(service)}-evidence`;
}

/**
 * Stores the evidence of a rollout in a ConfigMap, compressed, for a Job whose pod has no persistent files. The first
 * append replaces the evidence of an earlier rollout.
 */
export function evidenceMap(
  kube: Kube,
  { namespace, service, rollout }: { namespace: string; service: string; rollout: string },
): EvidenceStore {
  const ref = configMap(namespace, evidenceName(service));
  let newest: Buffer | undefined;

  async function read(): Promise<{ older: Buffer; newest: Buffer }> {
    const { data = {} } = (await readConfigMap(kube, ref)) ?? {};
    const part = (name: string): Buffer =>
      Buffer.from(data["rollout"] === rollout ? (data[name] ?? "") : "", "base64");
    return { older: part("older"), newest: part("newest") };
  }

  async function patch(data: Record<string, string | null>): Promise<void> {
    await kube.patch(ref, { data: { rollout, ...data } }, { fieldManager: MANAGER });
  }

  return {
    async append(text) {
      const stored = newest === undefined ? await read() : undefined;
      // Each append is a member of the compressed stream (RFC 1952, section 2.2).
      const all = Buffer.concat([newest ?? stored?.newest ?? Buffer.alloc(0), gzipSync(text)]);
      const written = all.toString("base64");
      // An older part of another rollout is discarded.
      await patch({ newest: written, ...(stored?.older.length === 0 ? { older: null } : {}) });
      newest = all;
      return written.length;
    },
    async rotate() {
      await patch({ older: (newest ?? Buffer.alloc(0)).toString("base64"), newest: null });
      newest = Buffer.alloc(0);
    },
    async lines() {
      const { older, newest: last } = await read();
      return [older, last].flatMap((part) =>
        part.length === 0 ? [] : gunzipSync(part).toString("utf8").split("\n").slice(0, -1),
      );
    },
  };
}
