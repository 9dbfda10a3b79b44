/** Tests. */
@NullMarked
package dev.ducat.launcher.config;

import org.jspecify.annotations.NullMarked;
