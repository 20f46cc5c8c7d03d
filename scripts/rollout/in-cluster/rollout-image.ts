import { existsSync } from "node:fs";
import { cp, mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ensureImages, type EnsureImagesOptions } from "../../cluster/images/ensure-images.ts";
import { UserError } from "../../cluster/user-error.ts";
import { AS_BUN } from "../../project.ts";

const NAME = "kyc-rollout";

/** @param bun the version that the project requires */
const dockerfile = (bun: string): string => `ARG BUN=${bun}
FROM docker.io/oven/bun:\${BUN}-slim
ENV NODE_ENV=production BUN_RUNTIME_TRANSPILER_CACHE_PATH=0
WORKDIR /app
COPY functions/${NAME} .
USER 1000:1000
ENTRYPOINT ["bun", "--no-env-file", "kyc.js"]
`;

/**
 * Makes sure that the nodes have an image of this command: it is bundled, built and delivered like the images of the
 * functions, and its tag is a digest of its content.
 * @throws UserError if it cannot be bundled, built or delivered
 */
export async function ensureRolloutImage(options: EnsureImagesOptions): Promise<string> {
  if (!existsSync(join(options.root, "scripts/kyc.ts")))
    throw new UserError(
      "a released program has no sources to build its image from: give --image, or run this from a clone of the repository",
    );
  const folder = await mkdtemp(join(tmpdir(), "kyc-rollout-image-"));
  try {
    const version = (await readFile(join(options.root, ".bun-version"), "utf8")).trim();
    const function_ = join(folder, "functions", NAME);
    await mkdir(function_, { recursive: true });
    await bundle(options.root, function_);
    // The tag is computed from this file and those it imports.
    await writeFile(join(function_, "main.ts"), 'import "./kyc.js";\n');
    await writeFile(join(folder, "Dockerfile"), dockerfile(version));
    await cp(join(options.root, ".bun-version"), join(folder, ".bun-version"));
    const [built] = await ensureImages({ ...options, root: folder });
    if (built === undefined) throw new UserError("the image of the rollout was not built");
    return built.image;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function bundle(root: string, to: string): Promise<void> {
  const flags = ["--target=bun", "--splitting", "--minify-whitespace", "--minify-syntax", `--outdir=${to}`];
  const child = Bun.spawn([process.execPath, "build", "scripts/kyc.ts", ...flags], {
    cwd: root,
    env: { ...process.env, ...AS_BUN },
    stdout: "ignore",
    stderr: "pipe",
  });
  const [said, code] = await Promise.all([child.stderr.text(), child.exited]);
  if (code !== 0) throw new UserError(`bun build scripts/kyc.ts failed (exit code ${code}):\n${said.trim()}`);
}
