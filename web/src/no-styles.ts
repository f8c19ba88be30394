export {} // what tests get instead of a style sheet
