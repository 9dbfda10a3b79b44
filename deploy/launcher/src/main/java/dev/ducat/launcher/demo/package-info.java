/** {@code ducat demo}: a load, a kill, a take-over, and an audit of what came of it. */
@NullMarked
package dev.ducat.launcher.demo;

import org.jspecify.annotations.NullMarked;
