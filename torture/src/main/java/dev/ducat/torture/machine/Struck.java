package dev.ducat.torture.machine;

/** A fault that was injected: when it began, and when everything ran again. In seconds. */
record Struck(String fault, double at, double healed) {}
