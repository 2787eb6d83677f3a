import { ApiProblem } from "../api/problem.ts";
import { durationWords } from "./time_words.ts";
import type { Words } from "./words.ts";

/** A server's message as a sentence: it speaks like a program, in lower case and without a full stop. */
function sentence(message: string): string {
  const text = message.trim();
  if (text === "") return "The cluster refused.";
  const capital = text.charAt(0).toUpperCase() + text.slice(1);
  return /[.!?…]$/.test(capital) ? capital : `${capital}.`;
}

/** Refusals of the page itself, not of what a person did on it. */
const OTHER_ADDRESS: Words = {
  said: "The cluster does not answer pages at this address.",
  next: "Open it at its own address; your administrator knows it.",
};
const OLD_PAGE: Words = {
  said: "This page is out of date.",
  next: "Load it again, and allow cookies for this site.",
};

/** Puts a failed call into words. `refused` says what a 401 or 403 means here. */
export function apiErrorWords(error: unknown, { refused }: { refused?: Words } = {}): Words {
  if (!(error instanceof ApiProblem)) {
    return {
      said: "Something on this page went wrong.",
      next: "Load the page again. If it stays, tell your administrator.",
    };
  }
  if (error.status === 0) {
    return {
      said: "The cluster cannot be reached.",
      next: "Check the network connection and try again.",
    };
  }
  if (error.status === 429) {
    return {
      said: "Too many tries.",
      next: error.retryAfterSeconds === undefined
        ? "Wait a minute, then try again."
        : `Try again in ${durationWords(error.retryAfterSeconds * 1000)}.`,
    };
  }
  if (error.status === 403 && /not for other (origins|sites)/.test(error.message)) {
    return OTHER_ADDRESS;
  }
  if (error.status === 403 && error.message.includes("CSRF")) return OLD_PAGE;
  if (refused !== undefined && (error.status === 401 || error.status === 403)) return refused;
  if (error.status >= 500) {
    return {
      said: "The cluster could not do that.",
      next: "Try again. If it stays, tell your administrator.",
    };
  }
  return { said: sentence(error.message), next: "" };
}
