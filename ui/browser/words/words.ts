/** What went wrong, and what to do next: a full sentence each. */
export interface Words {
  said: string;
  /** Empty where there is nothing to do but what the page offers anyway. */
  next: string;
}
