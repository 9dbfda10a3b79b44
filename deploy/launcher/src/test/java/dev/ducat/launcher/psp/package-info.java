@NullMarked
package dev.ducat.launcher.psp;

import org.jspecify.annotations.NullMarked;
