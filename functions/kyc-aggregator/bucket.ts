/** The header by which a split keeps an applicant with a version. */
export const BUCKET_HEADER = "x-kyc-bucket";

/** How many buckets there are, so that a share can be set to a hundredth of a percent. */
export const BUCKETS = 10_000;

/** The bucket of an applicant, `0000` to `9999`; a random one for a request without an applicant. */
export type BucketOf = (applicantId: string | undefined) => string;

/**
 * Makes the function that puts applicants into buckets, evenly and always the same, by HMAC-SHA-256 (RFC 2104) of the id:
 * without the key, nothing can be inferred from a bucket, and no id chosen for one.
 * @param key with an empty one every bucket is random, so that shares hold and no applicant keeps a version
 */
export function createBuckets(key: string): BucketOf {
  return (applicantId) => {
    if (key === "" || applicantId === undefined) return named(Math.floor(Math.random() * BUCKETS));
    const digest = new Bun.CryptoHasher("sha256", key).update(applicantId).digest();
    // 48 of 256 bits: the remainder favours no bucket by more than 4 parts in 10^11.
    return named(digest.readUIntBE(0, 6) % BUCKETS);
  };
}

function named(bucket: number): string {
  return String(bucket).padStart(4, "0");
}
