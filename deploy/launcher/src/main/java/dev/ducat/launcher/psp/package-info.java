/** The other side of a connector: the simulated PSP as a server, and the test of any adapter. */
@NullMarked
package dev.ducat.launcher.psp;

import org.jspecify.annotations.NullMarked;
