/** What a process is told: settings from defaults, file, environment and flags, checked once. */
@NullMarked
package dev.ducat.launcher.config;

import org.jspecify.annotations.NullMarked;
