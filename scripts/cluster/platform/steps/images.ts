import {
  ensureImages,
  type EnsureImagesOptions,
  imagesOf,
  missingImages,
  waysFor,
} from "../../images/ensure-images.ts";
import { UserError } from "../../user-error.ts";
import type { PlatformContext } from "../platform-context.ts";
import type { Inspection, Step } from "../step.ts";

/** Builds and loads the functions' images onto every node of the cluster. */
export function imagesStep(root: string): Step {
  const options = (platform: PlatformContext): EnsureImagesOptions => {
    const { programs, env, signal } = platform;
    return { root, programs, env, signal, kube: platform.kube() };
  };

  return {
    name: "images",
    title: "Images",
    async inspect(platform): Promise<Inspection> {
      const images = await imagesOf(root, platform.env);
      const missing = await missingImages(images, options(platform));
      if (missing.length === 0) return { done: true, detail: "on every node" };
      return { done: false, detail: `to be built: ${missing.map(({ image }) => image).join(", ")}` };
    },
    async needs(platform, isSeen) {
      // Without a cluster yet, minikube starts one, and builds the images too.
      if (!isSeen) return [];
      try {
        await waysFor(options(platform));
        return [];
      } catch (error) {
        if (error instanceof UserError) return [error.message];
        throw error;
      }
    },
    async run(platform, report) {
      const images = await ensureImages({
        ...options(platform),
        onProgress: (name, what, passing) => report(`${name}: ${what}`, passing),
      });
      return images.map(({ image }) => image).join(", ");
    },
  };
}
