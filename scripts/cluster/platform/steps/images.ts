import {
  ensureImages,
  type EnsureImagesOptions,
  imagesOf,
  missingImages,
  waysFor,
} from "../../images/ensure-images.ts";
import { Unable } from "../../user-error.ts";
import type { Site } from "../platform-context.ts";
import type { Look, Step } from "../step.ts";

/** The functions' images on every node of the cluster. */
export function imagesStep(root: string): Step {
  const options = (site: Site): EnsureImagesOptions => {
    const { programs, env, signal } = site;
    return { root, programs, env, signal, kube: site.kube() };
  };

  return {
    name: "images",
    title: "Images",
    async look(site): Promise<Look> {
      const images = await imagesOf(root, site.env);
      const missing = await missingImages(images, options(site));
      if (missing.length === 0) return { so: true, detail: "on every node" };
      return { so: false, detail: `to be built: ${missing.map(({ image }) => image).join(", ")}` };
    },
    async needs(site, isSeen) {
      // Where there is no cluster yet, minikube starts one, and builds too.
      if (!isSeen) return [];
      try {
        await waysFor(options(site));
        return [];
      } catch (error) {
        if (error instanceof Unable) return [error.message];
        throw error;
      }
    },
    async make(site, tell) {
      const images = await ensureImages({
        ...options(site),
        onProgress: (name, what, passing) => tell(`${name}: ${what}`, passing),
      });
      return images.map(({ image }) => image).join(", ");
    },
  };
}
