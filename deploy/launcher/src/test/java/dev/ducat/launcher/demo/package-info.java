/** Tests. */
@NullMarked
package dev.ducat.launcher.demo;

import org.jspecify.annotations.NullMarked;
