import { describe, expect, test } from "bun:test";
import { versionWarning } from "./versions.ts";
import { PLATFORM } from "./versions.ts";

describe("the pinned versions", () => {
  test.each([PLATFORM.serving.file, PLATFORM.netIstio.file])(
    "have a checksum and an address that never changes: $name",
    ({ name, url, sha256 }) => {
      expect(sha256).toMatch(/^[0-9a-f]{64}$/);
      expect(url).toMatch(/^https:\/\/raw\.githubusercontent\.com\/[^/]+\/[^/]+\/v[0-9.]+\//);
      expect(url).toEndWith(`/${name}`);
    },
  );

  test.each(["kubernetes", "istio", "serving"] as const)(
    "the installed version of %s is a tested one",
    (part) => {
      const { install, range } = PLATFORM[part];
      expect(versionWarning(part, install, range)).toEqual([]);
    },
  );

  test("the address of Serving is that of the version", () => {
    expect(PLATFORM.serving.file.url).toContain(`/${PLATFORM.serving.install}/`);
  });
});

describe("a version", () => {
  const range = { from: "1.22", to: "1.31" };

  test.each(["1.22.0", "v1.31.9", "1.30", "1.31.4-rc.1", "v1.28.4+k3s1", "v1.30.2-gke.15"])(
    "%s is tested",
    (version) => {
      expect(versionWarning("Istio", version, range)).toEqual([]);
    },
  );

  test.each(["1.21.9", "1.32.0", "2.25.0", "0.30.1"])("%s is a warning with the range", (version) => {
    expect(versionWarning("Istio", version, range)).toEqual([
      `Istio ${version} is not among the tested versions, 1.22 to 1.31`,
    ]);
  });

  test.each(["devel", "", "latest", undefined])("%p is unknown, which is a warning too", (version) => {
    const [warning = ""] = versionWarning("Istio", version, range);
    expect(warning).toContain("is unknown");
    expect(warning).toContain("1.22 to 1.31");
  });

  test("is compared by numbers, not by letters", () => {
    expect(versionWarning("x", "1.9", { from: "1.8", to: "1.10" })).toEqual([]);
    expect(versionWarning("x", "1.11", { from: "1.8", to: "1.10" })).toHaveLength(1);
  });
});
