/** The header by which a split keeps an applicant on a version. */
export const BUCKET_HEADER = "x-kyc-bucket";

/** The number of buckets, so that a share can be set in steps of 0.01 %. */
export const BUCKETS = 10_000;

/** The bucket of an applicant, `0000` to `9999`; a random one for a request without an applicant. */
export type BucketOf = (applicantId: string | undefined) => string;

/**
 * Makes the function that assigns applicants to buckets, uniformly and deterministically, by HMAC-SHA-256 (RFC 2104) of the
 * id. Without the key, a bucket reveals nothing about the id, and an id cannot be chosen for a bucket.
 * @param key if empty, every bucket is random: shares hold, but applicants do not stay on a version
 */
export function createBuckets(key: string): BucketOf {
  return (applicantId) => {
    if (key === "" || applicantId === undefined) return named(Math.floor(Math.random() * BUCKETS));
    const digest = new Bun.CryptoHasher("sha256", key).update(applicantId).digest();
    // 48 of 256 bits: the modulo bias is at most 4 in 10^11.
    return named(digest.readUIntBE(0, 6) % BUCKETS);
  };
}

function named(bucket: number): string {
  return String(bucket).padStart(4, "0");
}
