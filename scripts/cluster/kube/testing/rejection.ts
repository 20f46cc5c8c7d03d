/** The error with which a promise is rejected. @throws when it is not */
export async function rejection(promise: Promise<unknown>): Promise<Error> {
  try {
    await promise;
  } catch (error) {
    if (error instanceof Error) return error;
    throw new Error(`rejected by what is no error: ${String(error)}`);
  }
  throw new Error("it was not rejected");
}
