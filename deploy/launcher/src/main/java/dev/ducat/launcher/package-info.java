/**
 * Main, configuration and the ducat command line: everything that turns the modules into one
 * running process.
 */
@NullMarked
package dev.ducat.launcher;

import org.jspecify.annotations.NullMarked;
