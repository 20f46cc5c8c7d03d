import Type from "typebox";
import { Check } from "typebox/schema";
import type { Kube } from "../kube/client.ts";

const WithImages = Type.Object({
  status: Type.Object({
    images: Type.Optional(Type.Array(Type.Object({ names: Type.Optional(Type.Array(Type.String())) }))),
  }),
});

/**
 * The images that every node has. A node lists its largest images only, so that one which is missing here may be
 * there; then it is built and loaded once more, which does no harm.
 */
export async function imagesOnNodes(kube: Kube): Promise<ReadonlySet<string>> {
  const { items } = await kube.list({ apiVersion: "v1", kind: "Node" });
  const [first = new Set<string>(), ...others] = items.map((node) => {
    const images = Check(WithImages, node) ? (node.status.images ?? []) : [];
    return new Set(images.flatMap(({ names = [] }) => names));
  });
  return new Set([...first].filter((image) => others.every((node) => node.has(image))));
}
